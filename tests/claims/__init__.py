"""Claims as documents: each file derives one statement of a source, step by step."""
