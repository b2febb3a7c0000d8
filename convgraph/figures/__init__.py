"""What people look at: figures drawn from derived facts."""
