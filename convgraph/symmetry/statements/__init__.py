"""What theorems say, in equations between functions of whole numbers."""
