"""Readers of models that other libraries keep: of ONNX, PyTorch, JAX and Keras."""
