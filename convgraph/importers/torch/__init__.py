"""PyTorch: exported programs, in the terms of ONNX."""
