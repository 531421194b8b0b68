"""Boards, ESP-IDF and images: as much of the chip's side as a PC can check."""
