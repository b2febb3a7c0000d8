"""What does not depend on the input: computed beforehand, or followed as parameters."""
