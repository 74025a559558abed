"""What a chapter script works with: its workspace, models, codes, and what it declares."""
