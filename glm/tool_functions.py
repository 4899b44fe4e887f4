"""Functions as tools: type hints and a docstring become name, description and JSON Schema.

    @tool(approval="ask")
    def weather(city: str, days: Annotated[int, Field(ge=1, le=7)] = 1) -> str:
        \"""Weather of a city.

        Args:
            city: Name of the city
            days: How many days ahead
        \"""

A declaration that a model could not be told exactly fails where it stands, at import.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_type_hints, overload

import docstring_parser
from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter
from pydantic_core import SchemaError

from glm.tool_schema import ToolDeclarationError, check_arguments, check_name, checked_spec, plain_schema
from glm.tools import Approval, Tool

_NO_DEFAULT = inspect.Parameter.empty


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(*, name: str = "", approval: Approval = "always") -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None, /, *, name: str = "", approval: Approval = "always"
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Decorator that makes a function a `Tool`; see `tool_from`."""
    if function is not None:
        return tool_from(function)
    return lambda decorated: tool_from(decorated, name=name, approval=approval)


def tool_from(function: Callable[..., Any], *, name: str = "", approval: Approval = "always") -> Tool:
    """The tool that calls `function`; it is named like the function unless `name` is given.

    Parameters are described in the docstring (Google, NumPy or Sphinx style) or by a text or a
    `pydantic.Field` in `Annotated`. What the function returns becomes the result: text as it is,
    anything else as JSON. `approval` is "ask" for whatever touches the network or files.

    Raises `ToolDeclarationError` when the docstring, a type or a description is missing, a type
    has no JSON Schema, or a default does not fit its type.
    """
    if not inspect.isroutine(function):
        raise ToolDeclarationError(f"{function!r} is not a function; a tool is made of one")
    name = name or function.__name__
    check_name(name)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ToolDeclarationError(f"the tool {name!r} is async; tools run on threads, write it with def")
    documented = docstring_parser.parse(inspect.getdoc(function) or "")
    if not documented.description:
        raise ToolDeclarationError(f"the tool {name!r} has no docstring; its text tells the model what the tool does")
    told = {parameter.arg_name: " ".join((parameter.description or "").split()) for parameter in documented.params}
    fields = _fields(name, function)
    surplus = [parameter for parameter in told if parameter not in fields]
    if surplus:
        raise ToolDeclarationError(f"the docstring of {name!r} describes {surplus[0]!r}, which is no parameter of it")
    properties = {
        parameter: _property(name, parameter, *fields[parameter], told.get(parameter, "")) for parameter in fields
    }
    required = [parameter for parameter, (_, default) in fields.items() if default is _NO_DEFAULT]
    schema = {"type": "object", "properties": properties, **({"required": required} if required else {})}
    spec = checked_spec(name, " ".join(documented.description.split()), schema)
    defaults = {
        parameter: described["default"] for parameter, described in properties.items() if "default" in described
    }
    fault = check_arguments(replace(spec, parameters={**spec.parameters, "required": []}), defaults)
    if fault:
        raise ToolDeclarationError(f"a default of the tool {name!r} does not fit: {fault}")
    adapters = {parameter: TypeAdapter(annotation) for parameter, (annotation, _) in fields.items()}

    def run(arguments: Mapping[str, Any]) -> str:
        result = function(**{key: adapters[key].validate_python(value) for key, value in arguments.items()})
        return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)

    return Tool(spec, run, approval=approval)


def distinct(*tools: Tool | Iterable[Tool]) -> tuple[Tool, ...]:
    """The tools in one tuple. Raises `ToolDeclarationError` when two have the same name."""
    flat: list[Tool] = []
    for entry in tools:
        flat += [entry] if isinstance(entry, Tool) else entry
    names = [one.spec.name for one in flat]
    twice = [one for one in names if names.count(one) > 1]
    if twice:
        raise ToolDeclarationError(f"two tools are named {twice[0]!r}; give each its own name")
    return tuple(flat)


_Fields = dict[str, tuple[Any, Any]]


def _fields(name: str, function: Callable[..., Any]) -> _Fields:
    """Annotation and default of every parameter."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise ToolDeclarationError(f"a type in the tool {name!r} cannot be resolved: {error}") from error
    fields: _Fields = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            raise ToolDeclarationError(
                f"the parameter {parameter.name!r} of the tool {name!r} cannot be given by name; use no * and /"
            )
        if parameter.name not in hints:
            raise ToolDeclarationError(f"the parameter {parameter.name!r} of the tool {name!r} has no type")
        fields[parameter.name] = (hints[parameter.name], parameter.default)
    return fields


def _property(name: str, parameter: str, annotation: Any, default: Any, told: str) -> dict[str, Any]:
    """The JSON Schema of one parameter with its description and default."""
    where = f"the parameter {parameter!r} of the tool {name!r}"
    try:
        adapter = TypeAdapter(annotation)
        schema = _by_itself(name, parameter, adapter.json_schema())
        if default is not _NO_DEFAULT and default is not None:
            schema["default"] = adapter.dump_python(default, mode="json", warnings=False)
    except ToolDeclarationError:
        raise
    except (PydanticUserError, PydanticSchemaGenerationError, SchemaError, ValueError, TypeError) as error:
        raise ToolDeclarationError(f"{where} has a type without JSON Schema: {str(error).splitlines()[0]}") from error
    if default is None:  # leaving it out is how it is not given
        schema = _without_null(schema)
    described = schema.pop("description", "")
    texts = [text for text in getattr(annotation, "__metadata__", ()) if isinstance(text, str)]
    description = texts[0] if texts else told or described
    if not schema.keys() - {"default"}:
        raise ToolDeclarationError(f"{where} may be anything by its type; name the type that is meant")
    if not description:
        raise ToolDeclarationError(
            f"{where} is not described; add it under Args: in the docstring, or a text in Annotated"
        )
    kind = {"type": schema.pop("type")} if "type" in schema else {}
    return {**kind, "description": description, **schema}


def _by_itself(name: str, parameter: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The parameter's schema with its references written out."""
    whole = {"properties": {parameter: schema}, "$defs": schema.pop("$defs", {})}
    written: dict[str, Any] = plain_schema(name, whole)["properties"][parameter]
    return written


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    ways = [way for way in schema.get("anyOf", ()) if way != {"type": "null"}]
    if len(ways) == 1:
        return {**{key: value for key, value in schema.items() if key != "anyOf"}, **ways[0]}
    return {**schema, "anyOf": ways} if ways else schema
