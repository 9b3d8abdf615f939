"""A Python expression in; the text that it makes, with a hole where a part is computed, out."""

from __future__ import annotations

import ast

HOLE = "\0"
#: Longer sums of texts are data, and no address.
MOST_PARTS = 64


def text_of(node: ast.expr, parts: int = MOST_PARTS) -> str | None:
    """Return the text of a constant, an f-string, a sum, a `%` or a `.format`; else None."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(filled(text_of(value)) for value in node.values)
    if isinstance(node, ast.BinOp) and parts:
        left = text_of(node.left, parts - 1)
        if isinstance(node.op, ast.Mod):
            return left
        right = text_of(node.right, parts - 1)
        if isinstance(node.op, ast.Add) and (left or right):
            return filled(left) + filled(right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_format = node.func.attr == "format" and isinstance(node.func.value, ast.Constant)
        return text_of(node.func.value) if is_format else None
    return None


def filled(text: str | None) -> str:
    """Return a text, a hole where there is none."""
    return HOLE if text is None else text


def parts_of(node: ast.expr) -> list[ast.expr]:
    """Return the expressions below one whose texts are parts of its own text."""
    if isinstance(node, ast.JoinedStr):
        return [each for each in node.values if isinstance(each, ast.Constant)]
    if isinstance(node, ast.BinOp):
        return [node.left] if isinstance(node.op, ast.Mod) else [node.left, node.right]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [node.func.value]
    return []
