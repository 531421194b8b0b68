"""Which link has which number."""

from at.errors import StateError


class Table:
    """Numbers 0..count-1, each taken by a link that is open, or being opened, or by none."""

    def __init__(self, count):
        self._links = [None] * count
        self._freed = [0] * count  # when each number became free, counted by _turn
        self._turn = 0

    def all(self, is_open=True):
        """Return the open links, or those that are being opened."""
        return [link for link in self._links if link and link.is_open == is_open]

    def only(self):
        """Return the one open link, or None if there are none or several."""
        links = self.all()
        return links[0] if len(links) == 1 else None

    @property
    def is_idle(self):
        """Whether no number is taken, not even by a connection being made."""
        return not any(self._links)

    def free(self):
        """Return the number that has been free longest, or None.

        A host that is just about to speak to a link that ended must not meet another one there.
        """
        found = None
        for number in range(len(self._links)):
            is_earlier = found is None or self._freed[number] < self._freed[found]
            if self._links[number] is None and is_earlier:
                found = number
        return found

    def renumber(self):
        """Begin with the lowest number again, unless a link is open or being opened."""
        if self.is_idle:
            self._turn = 0
            for number in range(len(self._freed)):
                self._freed[number] = 0

    def reserve(self, link):
        """Take the link's number."""
        if self._links[link.number] is not None:
            raise StateError("link %d is in use" % link.number)
        self._links[link.number] = link

    def _release(self, number):
        self._links[number] = None
        self._turn += 1
        self._freed[number] = self._turn

    def forget(self, link):
        """Free the number of a link that never opened."""
        link.close()
        if self._links[link.number] is link:
            self._release(link.number)
