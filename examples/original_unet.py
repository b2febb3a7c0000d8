"""The U-Net of 2015, which crops what it hands across, as one page that answers questions.

Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation"
(2015): 572 x 572 pixels become 388 x 388, because no layer pads. On the page, point at a cell of
any tensor for what it sees, and at a pixel for what it affects.
"""

import convgraph as cg


def twice(tensor, filters):
    for _ in range(2):
        tensor = cg.ReLU()(cg.Conv((3, 3), filters)(tensor))
    return tensor


def unet(tensor, depth=4, filters=64):
    tensor = twice(tensor, filters)
    if depth == 0:
        return tensor
    low = unet(cg.MaxPool((2, 2))(tensor), depth - 1, 2 * filters)
    up = cg.ConvTranspose((2, 2), filters, stride=2)(low)
    margins = [(a - b) // 2 for a, b in zip(tensor.shape[1:], up.shape[1:], strict=True)]
    return twice(cg.Concat()(cg.Crop(tuple((m, m) for m in margins))(tensor), up), filters)


image = cg.Input((1, 572, 572))
net = cg.Network(image, cg.Conv((1, 1), 2)(unet(image)))

if __name__ == "__main__":
    print(net)
    print(
        "a corner pixel of the output sees",
        cg.receptive_field(net, net.outputs[0].units()[0]).bounds[1:],
    )
    print("written to", cg.report(net).save("unet.html"))
