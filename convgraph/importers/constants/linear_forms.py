"""What the entries of a tensor are in the parameters behind it: moved, scaled, added up.

What moves numbers moves labels: an operation that only gives entries other places is run on the
numbers of the parameters, and one that is linear on what multiplies them. A parameter array that
nothing has moved needs no such array: it is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.values import Known, Recipe

__all__ = ["Form", "Moved", "Sums", "form_of"]

Array: TypeAlias = NDArray[Any]

# The sizes up to which entries are followed: of a result, of the arrays that it is picked from, of
# all terms of sums, and of the work that a linear operation takes. Their labels are 16 MB and
# 256 MB; beyond, the result counts as an array of parameters of its own, with a caveat.
MOST, MOST_PICKED_FROM, MOST_TERMS, MOST_WORK = 2**22, 2**26, 2**18, 2**24


@dataclass(frozen=True, eq=False)
class Moved:
    """Entries that are each a number times one parameter, or a number alone.

    `labels` is in the tensor's shape: 0 for the number 1, and k for entry k - 1 of the `roots` laid
    end to end. `factors` multiply them, None for all ones. Of `curved` entries each is some other
    function of the one parameter.
    """

    roots: tuple[Known, ...]
    labels: Array
    factors: Array | None = None
    curved: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return self.labels.shape


@dataclass(frozen=True, eq=False)
class Sums:
    """Entries that are sums of numbers times parameters.

    A sparse matrix has a row for each entry and a column for each label as in `Moved`; all of it is
    divided by the whole number `over`.
    """

    roots: tuple[Known, ...]
    shape: tuple[int, ...]
    matrix: Any
    over: int = 1


Form: TypeAlias = Moved | Sums


def form_of(known: Known) -> Form | None:
    """The entries of a tensor in the parameters behind it; None where that is not known."""
    if known.form is known:
        known.form = _found(known)
    found: Form | None = known.form
    return found


def _found(known: Known) -> Form | None:
    if not known.learned:
        return _numbers(known)
    recipe = known.made
    if recipe is None:
        if known.roots != (known,) or known.size > MOST_PICKED_FROM:
            return None
        labels = np.arange(1, known.size + 1, dtype=np.int32).reshape(known.shape)
        return Moved((known,), labels)
    if known.size > MOST:
        return None
    try:
        return RULES[recipe.kind](recipe)
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError):
        return None  # the operation does not take arrays of labels


def _numbers(known: Known) -> Moved | None:
    """A tensor that is no parameter."""
    if not known.there or known.size > MOST or known.values().dtype.kind not in "fbiu":
        return None
    values = known.values()
    return Moved((), np.zeros(values.shape, np.int32), values * 1)


def _is_mask(known: Known) -> bool:
    """Whether a tensor of a model keeps some entries and drops others: zeros and ones.

    A file does not say which of its tensors are learned.
    """
    if not known.there or known.size > MOST:
        return False
    values = known.values()
    zeros = values == 0
    return bool(values.size and zeros.any() and np.all(zeros | (values == 1)))


def _aligned(forms: Sequence[Form]) -> tuple[tuple[Known, ...], list[Array]]:
    """Roots that several forms have between them, and the new number of each label of each."""
    roots = {id(root): root for form in forms for root in form.roots}
    starts, at = {}, 1
    for key, root in roots.items():
        starts[key] = at
        at += root.size
    renamed = []
    for form in forms:
        parts = [np.zeros(1, np.int64)]
        parts += [np.arange(root.size, dtype=np.int64) + starts[id(root)] for root in form.roots]
        renamed.append(np.concatenate(parts))
    return tuple(roots.values()), renamed


def _labels(forms: Sequence[Moved]) -> tuple[tuple[Known, ...], list[Array]]:
    """The labels of several forms, counted through the roots of all."""
    if all(form.roots == forms[0].roots or not form.roots for form in forms):
        return forms[0].roots, [form.labels for form in forms]
    roots, renamed = _aligned(forms)
    return roots, [new[form.labels] for form, new in zip(forms, renamed, strict=True)]


def _moves(recipe: Recipe) -> Form | None:
    """Entries given other places: the operation is run on their labels."""
    forms: list[Form] = []
    places: list[int] = []
    for place, source in enumerate(recipe.sources):
        if source is None or not (source.learned or source.values().dtype.kind == "f"):
            continue  # positions, a condition
        form = form_of(source)
        if form is None or getattr(form, "curved", False):
            return None
        forms.insert(0 if source.learned else len(forms), form)
        places.insert(0 if source.learned else len(places), place)

    def run(arrays: Sequence[Array]) -> Array:
        given = [None if s is None or i in places else s.values()
                 for i, s in enumerate(recipe.sources)]  # fmt: skip
        for place, array in zip(places, arrays, strict=True):
            given[place] = array
        return np.asarray(recipe.function(*given))

    plain_forms = [form for form in forms if isinstance(form, Moved)]
    if len(plain_forms) < len(forms):
        return _moved_sums(forms, run)
    roots, labels = _labels(plain_forms)
    moved = run(labels)
    # an operation that puts a number of its own somewhere is not followed
    if not np.array_equal(run([2 * each for each in labels]), 2 * moved):
        return None
    moved = moved.astype(np.int32 if sum(root.size for root in roots) < 2**31 else np.int64)
    if all(form.factors is None for form in plain_forms) and bool(np.all(moved != 0)):
        return Moved(roots, moved)
    ones = [np.ones(f.shape) if f.factors is None else f.factors for f in plain_forms]
    return _scaled(roots, moved, run(ones))


def _moved_sums(forms: Sequence[Form], run: Callable[[Sequence[Array]], Array]) -> Form | None:
    """Sums given other places: the operation is run on the numbers of their rows, from 1 on."""
    from scipy import sparse

    roots, renamed = _aligned(forms)
    columns = 1 + sum(root.size for root in roots)
    over = lcm(*(getattr(form, "over", 1) for form in forms))
    blocks, numbers, at = [sparse.csr_matrix((1, columns))], [], 1
    for form, new in zip(forms, renamed, strict=True):
        rows = _counted(form.shape) + at
        at += rows.size
        blocks.append(_rows(form, new, columns) * (over // getattr(form, "over", 1)))
        numbers.append(rows)
    moved = run(numbers)
    if not np.array_equal(run([2 * each for each in numbers]), 2 * moved):
        return None
    matrix = sparse.vstack(blocks).tocsr()[moved.ravel().astype(np.int64)]
    return _checked(roots, moved.shape, matrix, over)


def _scaled(roots: tuple[Known, ...], labels: Array, factors: Array) -> Moved | None:
    if not np.all(np.isfinite(factors)):
        return None
    return Moved(roots, labels, None if np.all((factors == 1) & (labels > 0)) else factors)


def _scales(recipe: Recipe) -> Form | None:
    """A product with numbers, or a quotient by some."""
    sources = [source for source in recipe.sources if source is not None]
    learned = [i for i, s in enumerate(sources) if s.learned]
    if len(learned) == 2:
        learned = [i for i in learned if not _is_mask(sources[i])]
    if len(learned) != 1:
        return None
    (place,) = learned
    form = form_of(sources[place])
    given = [None if i == place else s.values() for i, s in enumerate(sources)]
    if isinstance(form, Sums):
        given[place] = np.ones(form.shape)
        factors = np.asarray(recipe.function(*given))
        rows = np.broadcast_to(_counted(form.shape), factors.shape).ravel()
        return _checked(form.roots, factors.shape, _times(form.matrix[rows], factors), form.over)
    if form is None or form.curved:
        return None
    kinds = [g.dtype for g in given if g is not None]
    ones = np.ones(form.shape, kinds[0] if kinds and kinds[0].kind == "f" else np.float64)
    if not kinds:  # a sign, or a number among the arguments: whole numbers stay whole
        ones = np.ones(form.shape)
    given[place] = ones if form.factors is None else form.factors
    factors = np.asarray(recipe.function(*given))
    labels = np.broadcast_to(form.labels, factors.shape)
    return _scaled(form.roots, labels, factors)


def _counted(shape: tuple[int, ...]) -> Array:
    return np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)


def _times(matrix: Any, factors: Array) -> Any:
    from scipy import sparse

    return sparse.diags(np.asarray(factors, float).ravel()) @ matrix


def _rows(form: Form, renamed: Array, columns: int) -> Any:
    """The matrix of a form, its columns counted anew."""
    from scipy import sparse

    if isinstance(form, Moved):
        labels = form.labels.ravel()
        entries = np.ones(len(labels)) if form.factors is None else form.factors.ravel()
        entries = entries.astype(float) if entries.dtype.kind != "f" else entries
        where = np.arange(len(labels)), renamed[labels]
        matrix = sparse.csr_matrix((entries, where), (len(labels), columns))
    else:
        inner = form.matrix.tocoo()
        matrix = sparse.csr_matrix(
            (inner.data, (inner.row, renamed[inner.col])), (inner.shape[0], columns)
        )
    return matrix


def _adds(recipe: Recipe) -> Form | None:
    """Sums and differences, with broadcasting."""
    forms = [form_of(source) for source in recipe.sources if source is not None]
    if any(form is None or getattr(form, "curved", False) for form in forms):
        return None
    present = [form for form in forms if form is not None]
    roots, renamed = _aligned(present)
    shape = np.broadcast_shapes(*(form.shape for form in present))
    if int(np.prod(shape)) > MOST_TERMS:
        return None
    columns = 1 + sum(root.size for root in roots)
    # how each operand counts: the function is run on numbers
    zeros = [np.zeros(1) for _ in present]
    over = lcm(*(getattr(form, "over", 1) for form in present))
    total: Any = 0
    for i, (form, new) in enumerate(zip(present, renamed, strict=True)):
        sign = float(recipe.function(*zeros[:i], np.ones(1), *zeros[i + 1 :])[0])
        rows = np.broadcast_to(_counted(form.shape), shape).ravel()
        sign *= over // getattr(form, "over", 1)
        total = total + sign * _rows(form, new, columns)[rows]
    return _checked(roots, shape, total, over)


def _linear(recipe: Recipe) -> Form | None:
    """What is linear in one of its operands, whatever else it does: it is run on a basis."""
    sources = [source for source in recipe.sources if source is not None]
    learned = [i for i, s in enumerate(sources) if s.learned]
    if len(learned) != 1:
        return None
    (place,) = learned
    form = form_of(sources[place])
    if form is None or getattr(form, "curved", False):
        return None
    columns = 1 + sum(root.size for root in form.roots)
    # A column for each entry of the parameters, and the first for numbers: the operation is run on
    # each that occurs, so that nothing needs to be known of it but that it is linear.
    matrix = _rows(form, np.arange(columns), columns).tocsc()
    used = np.flatnonzero(np.diff(matrix.indptr))
    given = [s.values() for i, s in enumerate(sources) if i != place]
    kind = np.result_type(np.float32, *(g.dtype for g in given)) if given else np.float64
    arguments = [None if i == place else s.values() for i, s in enumerate(sources)]
    found: list[Any] = []
    from scipy import sparse

    shape: tuple[int, ...] = ()
    for column in used:
        dense = matrix[:, [column]].toarray().reshape(form.shape)
        arguments[place] = dense
        result = np.asarray(recipe.function(*arguments))
        shape = result.shape
        if max(result.size, dense.size) * len(used) > MOST_WORK:
            return None
        found.append(sparse.csc_matrix(result.reshape(-1, 1)))
    if not found:
        return None
    total = sparse.hstack(found).tocoo()
    whole = sparse.csr_matrix(
        (total.data.astype(kind), (total.row, used[total.col])), (total.shape[0], columns)
    )
    over = getattr(form, "over", 1) * recipe.over
    return _checked(form.roots, shape, whole, over)


def _each(recipe: Recipe) -> Form | None:
    """A function of each entry by itself."""
    sources = [source for source in recipe.sources if source is not None]
    learned = [source for source in sources if source.learned]
    if len(learned) != 1:
        return None
    form = form_of(learned[0])
    if not isinstance(form, Moved) or (form.factors is not None and not form.curved):
        return None
    if any(np.broadcast_shapes(s.shape, form.shape) != form.shape for s in sources):
        return None
    return Moved(form.roots, form.labels, form.factors, curved=True)


def _checked(roots: tuple[Known, ...], shape: tuple[int, ...], matrix: Any, over: int = 1) -> Any:
    """Sums, or what they come to where no entry has two terms."""
    matrix = matrix.tocsr()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    terms = np.diff(matrix.indptr)
    if not np.all(np.isfinite(matrix.data)):
        return None
    if over == 1 and terms.max(initial=0) <= 1:
        labels = np.zeros(len(terms), np.int32)
        factors = np.zeros(len(terms), matrix.dtype)
        labels[terms == 1], factors[terms == 1] = matrix.indices, matrix.data
        return _scaled(roots, labels.reshape(shape), factors.reshape(shape))
    return Sums(roots, shape, matrix, over) if matrix.nnz <= MOST_TERMS else None


RULES = {"moves": _moves, "scales": _scales, "adds": _adds, "linear": _linear, "each": _each}
