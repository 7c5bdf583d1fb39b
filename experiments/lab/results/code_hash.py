"""The hash of the code that numbers come from, by which a result knows whether it is current.

Only code that can change a number counts. Docstrings, comments, formatting, the annotations of
functions and the words of errors are left out.

- jaxnn, lab/engine and lab/data, which every measurement rests on, are hashed whole
  (`measuring_code`), except for the advice, which is put into words from what was measured.
- The rest is followed from the functions that the numbers come from: each top-level definition
  that they name, in whichever module of the experiments, and so on (`code_of`). So `conclude` and
  `draw` can be in the file of the measurement without being part of it. A module that is named as
  a whole (`getattr(module, name)`) counts whole; of every module that is reached, so do the
  statements that define no name.
- How experiments are run and shown (lab/io and lab/evidence, except how verdicts are put into
  words) never counts.
"""

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path
from symtable import SymbolTable, symtable
from typing import NamedTuple

WHOLE = ("jaxnn", "experiments.lab.engine", "experiments.lab.data")
ADVICE = ("jaxnn/advice.py", "jaxnn/findings.py")
NOWHERE = ("experiments.lab.io", "experiments.lab.evidence")
EXCEPT = "experiments.lab.evidence.verdicts"
LENGTH = 16  # hexadecimal digits

Start = Callable | type


def measuring_code(*starts: Start) -> str:
    """The hash of jaxnn, lab/engine, lab/data and all that these functions and classes use.

    Args:
        starts: what the numbers come from, such as an experiment's Configuration and parts.

    Returns:
        16 hexadecimal digits, the same in every version of Python.

    Raises:
        ValueError: one of them is not defined at the top of a module.
    """
    return digest([*map(_package, WHOLE), code_of(*starts)])


def code_of(*starts: Start) -> str:
    """The hash of these functions and classes and all that they use, except what is hashed whole.

    Args:
        starts: what the text and the figure come from, such as an experiment's conclude and draw.

    Returns:
        16 hexadecimal digits, the same in every version of Python.

    Raises:
        ValueError: one of them is not defined at the top of a module.
    """
    return digest(f"{where}\n{text}" for where, text in sorted(reached(*starts).items()))


def reached(*starts: Start) -> dict[str, str]:
    """The definitions that `code_of` hashes: module:name -> text of the syntax tree.

    Raises:
        ValueError: one of the starts is not defined at the top of a module.
    """
    found: dict[str, str] = {}
    due = [_origin(start) for start in starts]
    ours = {"experiments", *(module.partition(".")[0] for module, _ in due)}
    while due:
        name, wanted = due.pop()
        module = _module(name)
        for key in (wanted, ""):  # "" is what the module does apart from defining names
            if f"{name}:{key}" in found:
                continue
            statements = module.defined.get(key, ())
            found[f"{name}:{key}"] = "\n".join(map(_text, statements))
            for statement in statements:
                for chain in _global_names(statement):
                    due += _named(name, chain, ours)
                for path in _imports(statement, module.package).values():
                    due += _at(path, ours)
    return {where: text for where, text in found.items() if text}


class _Module(NamedTuple):
    """A module's top-level statements.

    Args:
        defined: name -> the statements that bind it; "" -> those that do anything else.
        imported: name -> the dotted path that an import binds it to.
        package: what relative imports start from.
    """

    defined: Mapping[str, tuple[ast.stmt, ...]]
    imported: Mapping[str, str]
    package: str


def _origin(start: Start) -> tuple[str, str]:
    """The module and the top-level name of a function or class."""
    module, name = getattr(start, "__module__", ""), getattr(start, "__qualname__", "")
    if module == "__main__" and (spec := getattr(sys.modules[module], "__spec__", None)):
        module = spec.name.removesuffix(".__main__")
    name = name.partition(".")[0]
    if not (module and _file(module)) or name not in _module(module).defined:
        raise ValueError(
            f"{start!r} is not defined at the top of a module, where its code could be found; "
            "write it there with def or class"
        )
    return module, name


def _named(module: str, chain: Sequence[str], ours: set[str]) -> Iterator[tuple[str, str]]:
    """Module and name of each definition that a name with its attributes means in a module."""
    here = _module(module)
    if chain[0] in here.defined:
        yield module, chain[0]
    if chain[0] in here.imported:
        yield from _at(".".join([here.imported[chain[0]], *chain[1:]]), ours)


def _at(path: str, ours: set[str]) -> Iterator[tuple[str, str]]:
    """The definitions at a dotted path: one, or all of a module; none of what is not followed."""
    names = path.split(".")
    if names[0] not in ours:
        return
    depth = max(n for n in range(1, len(names) + 1) if _file(".".join(names[:n])))
    module = ".".join(names[:depth])
    if _within(module, WHOLE) or (_within(module, NOWHERE) and module != EXCEPT):
        return
    if depth < len(names):
        yield from _named(module, names[depth:], ours)
    else:
        yield from ((module, name) for name in _module(module).defined)


def _within(module: str, packages: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def _file(module: str) -> Path | None:
    """The source of a module; None where there is no such module."""
    if loaded := getattr(sys.modules.get(module), "__file__", None):
        return Path(loaded)
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # what should be its package is a module or no module at all
        return None
    return Path(spec.origin) if spec and spec.has_location else None


def _module(name: str) -> _Module:
    file = _file(name)
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    return _parsed(file, file.stat().st_mtime_ns, package)


@cache
def _parsed(file: Path, modified: int, package: str) -> _Module:
    """A file's statements; modified: when it was, so that an edited file is read again."""
    defined: dict[str, tuple[ast.stmt, ...]] = {}
    imported: dict[str, str] = {}
    for statement in _bare(file.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                imported |= _imports(statement, package)
            case ast.If(ast.Compare(ast.Name("__name__"))) | ast.Pass():
                pass  # it does nothing where the module is imported
            case _:
                for name in _bound(statement) or {""}:
                    defined[name] = (*defined.get(name, ()), statement)
    return _Module(defined, imported, package)


def _imports(statement: ast.stmt, package: str) -> dict[str, str]:
    """What the imports in a statement bind: name -> dotted path."""
    found: dict[str, str] = {}
    for node in ast.walk(statement):
        match node:
            case ast.Import(names):
                for name in names:
                    top = name.name.partition(".")[0]
                    found |= {
                        name.name: name.name,
                        name.asname or top: name.name if name.asname else top,
                    }
            case ast.ImportFrom(module, names, level):
                origin = resolve_name("." * level + (module or ""), package) if level else module
                found |= {name.asname or name.name: f"{origin}.{name.name}" for name in names}
    return found


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement binds; none for one that does anything else."""
    match statement:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            return {name}
        case ast.Assign(targets):
            pass
        case ast.AnnAssign(target):
            targets = [target]
        case _ if sys.version_info >= (3, 12) and isinstance(statement, ast.TypeAlias):
            targets = [statement.name]
        case _:
            return set()
    names = [
        item
        for target in targets
        for item in (target.elts if isinstance(target, ast.Tuple) else [target])
    ]
    found = {each.id for each in names if isinstance(each, ast.Name)}
    return found if all(isinstance(each, ast.Name) for each in names) else set()


@cache
def _global_names(statement: ast.stmt) -> set[tuple[str, ...]]:
    """The names of its module that a statement uses, each with the attributes that follow it."""
    names = set(_global_symbols(symtable(ast.unparse(statement), "code", "exec")))
    chains = set()

    def visit(node: ast.AST, after: tuple[str, ...] = ()) -> None:
        if isinstance(node, ast.Attribute):
            visit(node.value, (node.attr, *after))
            return
        if isinstance(node, ast.Name) and node.id in names:
            chains.add((node.id, *after))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(statement)
    return chains


def _global_symbols(table: SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() if top else symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_symbols(child)


def _package(name: str) -> str:
    """The hash of a package: of its modules what can change a number, its other files whole."""
    folder = _file(name).parent
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    return digest(
        f"{name}/{path}\n{_content(file, file.stat().st_mtime_ns)}"
        for path, file in sorted(files.items())
        if file.is_file()
        and "__pycache__" not in path
        and not file.name.startswith(".")
        and f"{name}/{path}" not in ADVICE
    )


@cache
def _content(file: Path, modified: int) -> str:
    """The hash of a file; modified: when it was, so that an edited file is read again."""
    if file.suffix == ".py":
        return _hash(_text(_bare(file.read_text(encoding="utf-8"))).encode())
    return _hash(file.read_bytes())


def _bare(source: str) -> ast.Module:
    return _Bare().visit(ast.parse(source))


class _Bare(ast.NodeTransformer):
    """Leaves out what cannot change a number."""

    in_function = False

    def visit_Expr(self, node):
        """A string that stands by itself, such as a docstring, does nothing."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_Assign(self, node):
        """A version is a name, not what the numbers come from."""
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if names == ["__version__"]:
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_Raise(self, node):
        """Which error it is counts, its words do not."""
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.copy_location(ast.Raise(self.visit(error) if error else None, None), node)

    def visit_FunctionDef(self, node):
        """Without its annotations, and those inside it."""
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return self._inside(node, in_function=True)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_JoinedStr(self, node):
        """Without the empty text that Python 3.12 has behind a nested format."""
        empty = [getattr(part, "value", None) == "" for part in node.values]
        node.values = [part for part, left in zip(node.values, empty, strict=True) if not left]
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        """The annotations of a class are its fields."""
        return self._inside(node, in_function=False)

    def visit_AnnAssign(self, node):
        """In a function it is a plain assignment, or nothing."""
        node = self.generic_visit(node)
        if not self.in_function:
            return node
        plain = ast.Assign([node.target], node.value) if node.value else ast.Pass()
        return ast.copy_location(plain, node)

    def _inside(self, node, *, in_function):
        outside, self.in_function = self.in_function, in_function
        node = self.generic_visit(node)
        self.in_function = outside
        return node


def _text(node) -> str:
    """A syntax tree as text, the same in every version of Python: what is empty is not written."""
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_text(value)}"
            for name, value in ast.iter_fields(node)
            if value is not None and value != [] and not isinstance(value, ast.expr_context)
        ]
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(_text(each) for each in node if not isinstance(each, ast.Pass))}]"
    return repr(node)


def digest(texts: Iterable[str]) -> str:
    """The hash of texts in their order, 16 hexadecimal digits."""
    return _hash("\n\n".join(texts).encode())[:LENGTH]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
