"""What reads the declarations of commands: boundary cases, the reference, what the chip lacks."""
