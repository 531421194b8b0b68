"""The account of the room in a slot: true to what the compiler makes."""

from tools.image import slot


def test_the_page_shows_the_account():
    text = slot.PAGE.read_text()
    assert slot.render(text) == text, "stale: run `make docs`"


def test_enough_of_a_slot_is_free():
    assert slot.free(slot.account()) >= slot.FREE


def test_the_firmware_is_no_larger_than_the_account_says(tmp_path):
    sizes = slot.sizes(tmp_path)
    assert sizes["application"] <= slot.APPLICATION
    assert sizes["c"] <= slot.C
