"""JAX and Keras: the programs that JAX traces, in the terms of ONNX."""
