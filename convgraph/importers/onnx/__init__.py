"""ONNX: files, their nodes, tensors and functions."""
