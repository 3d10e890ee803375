"""Memory that this machine has at hand before a clock starts."""

import mmap
import sys


class Memory:
    """Holds as many bytes of memory as it leaves free, a page here and a page there, until it is left.

    A virtual machine gives memory that is free in large blocks back to its host. Its next use then takes many times as
    long, and who uses more at a time pays for it: connections that stay, but not those that end at once. What is
    free between pages that are held is in no large block.
    """

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        print(f"bench: touching {2 * self.size >> 20} MiB of memory", file=sys.stderr)
        self.held = mmap.mmap(-1, 2 * self.size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.held.madvise(mmap.MADV_NOHUGEPAGE)
        for page in range(0, 2 * self.size, mmap.PAGESIZE):
            self.held[page] = 1
        for page in range(0, 2 * self.size, 2 * mmap.PAGESIZE):
            self.held.madvise(mmap.MADV_DONTNEED, page, mmap.PAGESIZE)
        return self

    def __exit__(self, *_):
        self.held.close()
