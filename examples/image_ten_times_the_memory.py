"""A U-Net on an image ten times as large as the memory that it may take, and the same pixels.

    python image_ten_times_the_memory.py --memory 16 --whole

For Linux, with PyTorch. The image and the output are files; what the process may allocate beyond
what it has when the libraries are loaded is limited by the system.
"""

import argparse
import ctypes
import resource
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

import convgraph as cg


def block(channels, filters):
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(filters, filters, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Three levels, as they are usually written."""

    def __init__(self, filters=4):
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.first = block(1, filters)
        self.second = block(filters, 2 * filters)
        self.bottom = block(2 * filters, 4 * filters)
        self.up_second = nn.ConvTranspose2d(4 * filters, 2 * filters, 2, stride=2)
        self.left_second = block(4 * filters, 2 * filters)
        self.up_first = nn.ConvTranspose2d(2 * filters, filters, 2, stride=2)
        self.left_first = block(2 * filters, filters)
        self.head = nn.Conv2d(filters, 1, 1)

    def forward(self, image):
        first = self.first(image)
        second = self.second(self.pool(first))
        bottom = self.bottom(self.pool(second))
        left = self.left_second(torch.cat([second, self.up_second(bottom)], 1))
        left = self.left_first(torch.cat([first, self.up_first(left)], 1))
        return self.head(left)


def allocated():
    """How many bytes of memory of its own the process has."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmData"))


def noise(path, side):
    """An image in a file, written in strips."""
    image = np.lib.format.open_memmap(path, "w+", np.float32, (1, side, side))
    random = np.random.default_rng(0)
    for top in range(0, side, 64):
        image[:, top : top + 64] = random.random(image[:, top : top + 64].shape, np.float32)
    image.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--memory", type=int, default=16, help="in MB (10^6 bytes)")
    parser.add_argument("--whole", action="store_true", help="compare with the whole, unlimited")
    chosen = parser.parse_args()
    memory = chosen.memory * 10**6
    side = int((10 * memory / 4) ** 0.5) // 4 * 4 + 4  # float32; both pools divide it

    # glibc keeps freed arrays of up to 32 MB for itself, in pieces: give all back to the system
    ctypes.CDLL(None).mallopt(-3, 65536)  # M_MMAP_THRESHOLD
    torch.manual_seed(0)
    module = UNet().eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        noise(f"{folder}/image.npy", side)
        image = np.load(f"{folder}/image.npy", mmap_mode="r")
        out = np.lib.format.open_memmap(f"{folder}/out.npy", "w+", np.float32, image.shape)
        module(torch.zeros(1, 1, 256, 256))  # what PyTorch makes once: threads, kernels
        network = cg.from_torch(module, image.shape)

        # half of the memory, as kernels and Python itself take some
        plan = cg.tiles(network, memory=memory // 2, module=module)
        print(plan)
        predicted = plan.memory(module=module)

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (allocated() + memory, hard))
        print(f"an image of {image.nbytes:,} bytes, with {memory:,} to allocate")
        try:
            module(torch.from_numpy(np.array(image))[None])
        except (MemoryError, RuntimeError) as error:
            print("at once:", str(error).splitlines()[0])

        print(f"a tile takes {predicted:,} bytes, as predicted")
        plan.run(module, image, out)

        if chosen.whole:
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
            whole = module(torch.from_numpy(np.array(image))[None])[0].numpy()
            print("greatest difference to the whole:", float(np.abs(whole - out).max()))


if __name__ == "__main__":
    main()
