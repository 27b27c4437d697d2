"""What the API server itself demands of Harvester's objects: types, enums, required fields.

Source: load-balancer-harvester crds/loadbalancer.harvesterhci.io_{ippools,loadbalancers}.yaml.
What the schema does not name is dropped, as the API server drops it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lbdoctor.cluster.api import Manifest
from lbdoctor.domain.refs import Kind


class SchemaError(Exception):
    """A manifest does not fit the schema; the text names the first field that does not."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string, one of ``among`` where that names any."""

    among: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number."""


@dataclass(frozen=True, slots=True)
class Each:
    """A list of one type."""

    of: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with any keys, to one type."""

    of: Type


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping with these fields, some of them required."""

    types: Mapping[str, Type] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


Type = Text | Number | Each | MapOf | Fields


def _fields(**types: Type) -> Fields:
    """Return a mapping type; a name that ends with ``_`` is required."""
    return Fields(
        {name.rstrip("_"): kind for name, kind in types.items()},
        frozenset(name.rstrip("_") for name in types if name.endswith("_")),
    )


_TEXT: Final = Text()
_CONDITIONS: Final = Each(
    _fields(
        type_=_TEXT,
        status_=_TEXT,
        reason=_TEXT,
        message=_TEXT,
        lastUpdateTime=_TEXT,
        lastTransitionTime=_TEXT,
    )
)
_RANGE: Final = _fields(subnet_=_TEXT, rangeStart=_TEXT, rangeEnd=_TEXT, gateway=_TEXT)
_SCOPE: Final = _fields(project=_TEXT, namespace=_TEXT, guestCluster=_TEXT)
_POOL: Final = _fields(
    spec_=_fields(
        description=_TEXT,
        ranges_=Each(_RANGE),
        selector=_fields(priority=Number(), network=_TEXT, scope=Each(_SCOPE)),
    ),
    status=_fields(
        total_=Number(),
        available_=Number(),
        lastAllocated_=_TEXT,
        allocated=MapOf(_TEXT),
        allocatedHistory=MapOf(_TEXT),
        conditions=_CONDITIONS,
    ),
)
_LISTENER: Final = _fields(name=_TEXT, port_=Number(), protocol_=_TEXT, backendPort_=Number())
_HEALTH_CHECK: Final = _fields(
    port=Number(),
    successThreshold=Number(),
    failureThreshold=Number(),
    periodSeconds=Number(),
    timeoutSeconds=Number(),
)
_LOAD_BALANCER: Final = _fields(
    spec_=_fields(
        description=_TEXT,
        workloadType=Text(frozenset({"vm", "cluster"})),
        ipam=Text(frozenset({"pool", "dhcp"})),
        ipPool=_TEXT,
        listeners=Each(_LISTENER),
        backendServerSelector=MapOf(Each(_TEXT)),
        healthCheck=_HEALTH_CHECK,
    ),
    status=_fields(
        address=_TEXT,
        allocatedAddress=_fields(ipPool=_TEXT, ip=_TEXT, mask=_TEXT, gateway=_TEXT),
        backendServers=Each(_TEXT),
        conditions=_CONDITIONS,
    ),
)
SCHEMAS: Final[Mapping[Kind, Fields]] = {
    Kind.IP_POOL: _POOL,
    Kind.LOAD_BALANCER: _LOAD_BALANCER,
}


def pruned(kind: Kind, manifest: Manifest) -> Manifest:
    """Return the manifest without what its schema does not name; other kinds as they are.

    Raises:
        SchemaError: A field is of the wrong type, or missing.
    """
    schema = SCHEMAS.get(kind)
    if schema is None:
        return manifest
    kept: Manifest = {
        key: manifest[key] for key in ("apiVersion", "kind", "metadata") if key in manifest
    }
    checked = _checked(schema, {key: manifest[key] for key in manifest if key not in kept}, "")
    assert isinstance(checked, dict)  # noqa: S101 - a Fields schema gives nothing else
    return kept | checked


def _checked(schema: Type, value: object, path: str) -> object:
    match schema:
        case Text(among=among):
            if not isinstance(value, str):
                raise SchemaError(f"{path}: Invalid value: must be of type string")
            if among and value not in among:
                supported = ", ".join(f'"{item}"' for item in sorted(among))
                raise SchemaError(
                    f'{path}: Unsupported value: "{value}": supported values: {supported}'
                )
            return value
        case Number():
            if not isinstance(value, int) or isinstance(value, bool):
                raise SchemaError(f"{path}: Invalid value: must be of type integer")
            return value
        case Each(of=inner):
            if not isinstance(value, list):
                raise SchemaError(f"{path}: Invalid value: must be of type array")
            return [_checked(inner, item, f"{path}[{at}]") for at, item in enumerate(value)]
        case MapOf(of=inner):
            given = {key: item for key, item in _mapping(value, path).items() if item is not None}
            return {key: _checked(inner, item, f"{path}.{key}") for key, item in given.items()}
        case Fields():
            return _checked_fields(schema, _mapping(value, path), path)


def _checked_fields(schema: Fields, value: Mapping[str, object], path: str) -> Manifest:
    prefix = f"{path}." if path else ""
    # A null where the schema allows none is dropped before anything is checked.
    given = {key: item for key, item in value.items() if key in schema.types and item is not None}
    for name in sorted(schema.required - given.keys()):
        raise SchemaError(f"{prefix}{name}: Required value")
    return {key: _checked(schema.types[key], item, prefix + key) for key, item in given.items()}


def _mapping(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SchemaError(f"{path}: Invalid value: must be of type object")
    return value
