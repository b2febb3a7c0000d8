"""Readers of models that other libraries keep: ONNX files and PyTorch modules."""
