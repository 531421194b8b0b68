"""The terminal for the AT port: `session` is the conversation, `view` shows and logs it."""
