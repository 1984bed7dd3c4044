# SPDX-License-Identifier: GPL-3.0-or-later
"""Several things that mostly wait, at the same time."""

from concurrent.futures import ThreadPoolExecutor


def for_each(items, do):
    """do(item) for each, in a thread each; returns the values in order, raises the first error once all ended."""
    items = list(items)
    with ThreadPoolExecutor(max(1, len(items))) as threads:
        return list(threads.map(do, items))
