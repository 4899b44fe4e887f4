"""Rows: which request has which row of the cache, and what is kept of a row when its request ends.

Rows have no gaps: first those of the answers being written, which a decode step takes as one slice, then those of
the prompts being read.
"""

from __future__ import annotations

from glm.cache_budget import KEPT_SHARE, STEP, CacheBudget
from glm.prefix_cache import WORTHWHILE, KeptRow, PrefixCache, common_length
from glm.request import Request
from glm.slot_cache import SlotCache


class Rows:
    """`decoding[i]` has row i, `prefilling[j]` the j-th row after them; `unread` have none yet. The worker's alone.

    `reuses` False keeps nothing: for models whose prompt is not the beginning of a longer one.
    """

    def __init__(self, cache: SlotCache, budget: CacheBudget, *, reuses: bool) -> None:
        self.decoding: list[Request] = []
        self.prefilling: list[Request] = []
        self.unread: list[Request] = []
        self.kept = PrefixCache()
        self._cache = cache
        self._budget = budget
        self._reuses = reuses

    @property
    def open(self) -> list[Request]:
        """All requests that were admitted."""
        return [*self.decoding, *self.prefilling, *self.unread]

    def admits(self, request: Request) -> bool:
        """True when there is room for the whole of a further request, if need be after dropping what is kept."""
        return self._budget.admits([*(other.need for other in self.open), request.need])

    def admit(self, request: Request) -> None:
        """Hold room for a request."""
        self.unread.append(request)
        self.kept.shrink(self._spare())

    def row_of(self, request: Request) -> int:
        """The row of a request that has one."""
        if request in self.decoding:
            return self.decoding.index(request)
        return len(self.decoding) + self.prefilling.index(request)

    def begin(self, request: Request) -> None:
        """Give an unread request a row, with all that is known of its prompt already in it."""
        known, length = self._known(request)
        if isinstance(known, KeptRow) and not self._cache.row_count and 2 * length >= len(known.ids):
            self._cache.adopt(self.kept.take(known))
            known = None
        row = self._taken
        self._make_room(row + 1, min(request.need, request.prompt_tokens + STEP))
        if isinstance(known, KeptRow):
            self._cache.write(row, known.layers, length)
            self.kept.use(known)
        elif known is not None:
            self._cache.move(self.row_of(known), row, length)
        request.cached = request.reused = length
        self.unread.remove(request)
        self.prefilling.append(request)

    def promote(self, request: Request) -> None:
        """A prompt is read: its row joins those being written."""
        place, row = len(self.decoding), self.row_of(request)
        if row != place:
            other = self.prefilling[0]
            self._cache.swap(place, row, (other.cached, request.cached))
            self.prefilling[row - place] = other
        self.prefilling.pop(0)
        self.decoding.append(request)

    def make_room(self) -> None:
        """Room for one more token in every row that is being written. Raises what torch raises when memory is short."""
        self._make_room(self._taken, max(request.cached for request in self.decoding) + 1)

    def leave(self, request: Request, *, keep: bool) -> None:
        """Take a request out; others move into its place. Its tokens are kept for later prompts if `keep`."""
        if request in self.unread:
            self.unread.remove(request)
            self._trim()
            return
        if keep and self._reuses and request.cached >= WORTHWHILE:
            self._keep(request)
        if self._taken == 1:
            self.decoding, self.prefilling = [], []
        elif request in self.decoding:
            self._close_gap(self.decoding, self.decoding.index(request), 0)
            if self.prefilling:  # the first of their rows is now the one free row, behind it they go on
                last = self.prefilling.pop()
                self._cache.move(len(self.decoding) + 1 + len(self.prefilling), len(self.decoding), last.cached)
                self.prefilling.insert(0, last)
        else:
            self._close_gap(self.prefilling, self.prefilling.index(request), len(self.decoding))
        self._trim()

    def wipe(self, request: Request) -> None:
        """Empty a row that may hold invalid numbers: they could reach its next user through masked positions."""
        if request not in self.unread:
            self._cache.wipe(self.row_of(request))

    def clear(self) -> None:
        """Forget all requests and free all memory."""
        self.decoding, self.prefilling, self.unread = [], [], []
        self.kept.clear()
        self._cache.release()

    @property
    def _taken(self) -> int:
        return len(self.decoding) + len(self.prefilling)

    def _known(self, request: Request) -> tuple[KeptRow | Request | None, int]:
        """The row that begins like the prompt the longest, and for how many tokens; the last one is always computed."""
        if not self._reuses:
            return None, 0
        known: KeptRow | Request | None
        known, length = self.kept.longest(request.ids[:-1])
        for other in (*self.decoding, *self.prefilling):
            common = common_length(other.ids[: other.cached], request.ids[:-1])
            if common > length:
                known, length = other, common
        return (known, length) if length >= WORTHWHILE else (None, 0)

    def _keep(self, request: Request) -> None:
        ids = request.ids[: request.cached]
        if self.kept.covers(ids):
            return
        if self._taken == 1 and self._cache.row_count == 1:
            layers = self._cache.give_away()
        else:
            layers = self._cache.copy_of(self.row_of(request), request.cached)
        self.kept.add(KeptRow(ids, layers))
        self.kept.shrink(self._spare())

    def _spare(self) -> int:
        """Bytes that kept rows may take besides the open requests."""
        open_bytes = self._budget.block_bytes([request.need for request in self.open])
        return max(0, min(int(KEPT_SHARE * self._budget.nbytes), self._budget.nbytes - open_bytes))

    def _make_room(self, rows: int, tokens: int) -> None:
        longest = max([tokens, *(request.cached for request in (*self.decoding, *self.prefilling))])
        self._cache.max_cells = (self._budget.nbytes - self.kept.nbytes) // self._budget.token_bytes
        self._cache.reserve(rows, longest)

    def _close_gap(self, requests: list[Request], index: int, first_row: int) -> None:
        last = requests.pop()
        if index < len(requests):
            requests[index] = last
            self._cache.move(first_row + len(requests), first_row + index, last.cached)

    def _trim(self) -> None:
        requests = (*self.decoding, *self.prefilling)
        longest = max((max(request.cached, request.prompt_tokens) for request in requests), default=0)
        self._cache.trim(len(requests), longest)
