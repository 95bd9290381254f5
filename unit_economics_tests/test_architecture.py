"""The house: layers that only look down, modules that say what they are for, nothing left over."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

PACKAGE = Path(__file__).parents[1] / "unit_economics"
MODULES = sorted(PACKAGE.rglob("*.py"))
FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "constants", "misc"}


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_the_layers_only_look_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PACKAGE.parent)
    assert lint_imports(no_cache=True) == 0


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_belongs_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), named(path)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_named_by_its_meaning_and_is_no_stub(path: Path) -> None:
    assert path.stem not in FORBIDDEN
    assert len(path.read_text().splitlines()) > 2


def reads_environment(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"} for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_environment_reads_the_environment(path: Path) -> None:
    assert reads_environment(ast.parse(path.read_text())) == (named(path) == "environment.py")


def test_an_environment_that_is_read_elsewhere_would_be_caught() -> None:
    assert reads_environment(ast.parse("import os\nos.environ['X']"))
    assert reads_environment(ast.parse("import os\nos.getenv('X')"))


def catches_everything(tree: ast.Module) -> bool:
    broad = {"Exception", "BaseException"}
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    return any(node.type is None or (isinstance(node.type, ast.Name) and node.type.id in broad) for node in handlers)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_the_process_boundary_catches_everything(path: Path) -> None:
    is_the_process_boundary = named(path) == "cli/boundary.py"
    assert catches_everything(ast.parse(path.read_text())) == is_the_process_boundary


def test_a_swallowed_failure_would_be_caught() -> None:
    assert catches_everything(ast.parse("try:\n    x()\nexcept Exception:\n    pass"))
    assert catches_everything(ast.parse("try:\n    x()\nexcept:\n    pass"))


def test_the_nearest_name_is_found_in_one_place() -> None:
    assert [named(path) for path in MODULES if "difflib" in path.read_text()] == ["nearest.py"]
