"""What people start: make targets, tools, documents."""
