"""Which row of a file first had a key, for millions of keys in a fixed 12 bytes a slot."""

from array import array

_START = 1 << 12


class KeyTable:
    """Maps 64-bit hashes to row numbers from 1 on, by open addressing; no more than half of its slots are taken."""

    def __init__(self) -> None:
        self._keys = array("q", bytes(8 * _START))
        self._rows = array("I", bytes(4 * _START))  # 0: the slot is free
        self._mask = _START - 1
        self._count = 0

    def find(self, key: int) -> int:
        """Return the row of a key, 0 for an unknown one."""
        slot, keys, rows, mask = key & self._mask, self._keys, self._rows, self._mask
        while (row := rows[slot]) and keys[slot] != key:
            slot = (slot + 1) & mask
        return row

    def add(self, key: int, row: int) -> None:
        """Remember a key; one that is known keeps its row."""
        if 2 * self._count > self._mask:
            self._grow()
        slot = key & self._mask
        while self._rows[slot]:
            if self._keys[slot] == key:
                return
            slot = (slot + 1) & self._mask
        self._keys[slot], self._rows[slot] = key, row
        self._count += 1

    def _grow(self) -> None:
        keys, rows = self._keys, self._rows
        size = 2 * len(keys)
        self._keys, self._rows = array("q", bytes(8 * size)), array("I", bytes(4 * size))
        self._mask, self._count = size - 1, 0
        for key, row in zip(keys, rows, strict=True):
            if row:
                self.add(key, row)
