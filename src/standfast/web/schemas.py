"""The JSON schemas of what the API answers, for its OpenAPI document. Pure.

The objects are open: a later version may add keys, and takes none away.
"""

from typing import Any, Final

from standfast.overview.snapshot import LEVELS, UNKNOWN

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
YES_NO: Final[Schema] = {"type": "boolean"}
WHOLE: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}


def maybe(schema: Schema) -> Schema:
    """Or null, where it is not known or does not apply."""
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": schema}


def named(schema: Schema) -> Schema:
    """An object whose keys are names."""
    return {"type": "object", "additionalProperties": schema}


def ref(name: str) -> Schema:
    """Another schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(description: str, **properties: Schema) -> Schema:
    """An object that has all these keys."""
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


def _optional(schema: Schema, **properties: Schema) -> Schema:
    """The same with keys that may be missing."""
    return {**schema, "properties": {**schema["properties"], **properties}}


_CHECK: Final = _optional(
    record("What a health check found.", status=TEXT, healthy=maybe(YES_NO), detail=TEXT),
    last_check=maybe(MOMENT),
)
_UNIT: Final = _optional(
    record(
        "A watched unit as the detector sees it.",
        status=TEXT,
        consecutive_failures=WHOLE,
        last_check=maybe(MOMENT),
        active_state=TEXT,
        sub_state=TEXT,
        result=TEXT,
        restarts=maybe(WHOLE),
        port=maybe(WHOLE),
        tier=TEXT,
    ),
    failing=YES_NO,
    why={**TEXT, "description": "The state in words, with the checks that cannot look."},
    start_refused={**YES_NO, "description": "Whether systemd refused to start it again, for its start limit."},
    load_state=TEXT,
    needs={**many(TEXT), "description": "Its Requires, Requisite, BindsTo and PartOf units."},
    after={**many(TEXT), "description": "The watched units that it is ordered after."},
    restart={**YES_NO, "description": "Whether a master restart restarts it."},
    checks=named(_CHECK),
)
_NAMED_UNIT: Final = _optional(record("A watched unit with its name.", unit=TEXT, status=TEXT), **_UNIT["properties"])
_RUN: Final = _optional(
    record("A master restart.", at=MOMENT, result=TEXT),
    automatic={**YES_NO, "description": "Whether the detector asked for it."},
    units={**maybe(many(TEXT)), "description": "What it restarted; null: that is not known, or not yet."},
    because_of={**maybe(many(TEXT)), "description": "The failing units and files that it was asked for; null: none."},
)
_ERROR: Final = record(
    "An unresolved problem.",
    error_type=TEXT,
    severity=maybe({**TEXT, "enum": ["info", "warning", "critical"]}),
    unit=maybe(TEXT),
    error_message=maybe(TEXT),
    first_occurrence=maybe(MOMENT),
    last_occurrence=maybe(MOMENT),
    occurrence_count=maybe(WHOLE),
    notification_count=maybe(WHOLE),
    acknowledged=maybe(YES_NO),
    silenced=maybe(YES_NO),
)
_POSITION: Final = _optional(
    record("What is held of a symbol.", symbol=TEXT, quantity={**NUMBER, "description": "Less than 0: sold short."}),
    product=TEXT,
    average_price=maybe(NUMBER),
    last_price=maybe(NUMBER),
)
_ORDER: Final = _optional(
    record("An order that is pending.", symbol=TEXT),
    order_id=TEXT,
    side=TEXT,
    quantity=NUMBER,
    kind=TEXT,
    price=maybe(NUMBER),
    status=TEXT,
    filled=maybe(NUMBER),
    doubt={**TEXT, "description": "Of one of unknown fate: what is not known of it."},
)
_AGENT: Final = record(
    "An agent; all but the state is null when it left no status.",
    state=TEXT,
    entered_at=maybe(MOMENT),
    reason=maybe(TEXT),
    paused=maybe(YES_NO),
    paused_why=maybe({**TEXT, "description": 'Who paused it, when and why; "" for nobody.'}),
    flat=maybe({**YES_NO, "description": "Whether nothing is held and no order pending; null: not known."}),
    unknown_orders=maybe({**many(ref("Order")), "description": "Those of which nobody knows what became of them."}),
    broker_asked_at=maybe({**MOMENT, "description": "null: not in this run, so flat is by its own books alone."}),
    gateway=maybe({**TEXT, "description": '"paper": positions and orders are simulated.'}),
    positions=maybe({**many(ref("Position")), "description": "As far as they are known: see flat."}),
    orders=maybe(many(ref("Order"))),
)
_STOPPED_AGENT: Final = record(
    "An agent that is configured and does not run; how it ended is its own last word in the journal.",
    state={**TEXT, "description": "What the detector says of its unit."},
    ended_at=maybe(MOMENT),
    ended=maybe({**TEXT, "description": "How it ended; null: it never ran, or the journal cannot be read."}),
    flat=maybe({**YES_NO, "description": "True: it held nothing when it stopped; null: not known."}),
    flag={**TEXT, "description": 'Who killed or paused it, when and why; "" for nobody.'},
    reason={**TEXT, "description": "All that is known of it, in words."},
)
_SILENCE: Final = record(
    "A silence in force or to come; what is empty matches everything.",
    id=maybe(TEXT),
    unit=maybe(TEXT),
    type=maybe(TEXT),
    severity=maybe(TEXT),
    start=maybe(MOMENT),
    end=maybe(MOMENT),
    why=maybe(TEXT),
    by=maybe(TEXT),
)
_DETECTOR: Final = record(
    "The report of the failure detector, in the shape of the earlier system.",
    failure_level={**TEXT, "enum": list(LEVELS)},
    level={**WHOLE, "minimum": 0, "maximum": 3},
    reasons=many(TEXT),
    root_cause={**many(TEXT), "description": "The units that failed by themselves, the first one first."},
    mode={**TEXT, "enum": ["observe", "act"]},
    can_restart=YES_NO,
    last_restart=maybe(MOMENT),
    restart_count={**WHOLE, "description": "Master restarts within the last hour."},
    restart_history=many(ref("Restart")),
    supervisor_status=record("systemd.", status=TEXT, running=WHOLE, failed=WHOLE, system_state=TEXT),
    databases=named(ref("Check")),
    critical_files_healthy=YES_NO,
    critical_files=named(record("A critical file.", healthy=maybe(YES_NO), detail=TEXT, consecutive_failures=WHOLE)),
    service_health=named(ref("Unit")),
    sms_enabled=YES_NO,
    sms_configured=YES_NO,
    checked_at=MOMENT,
)
_HAPPENING: Final = record(
    "Something that happened.",
    at=MOMENT,
    kind={**TEXT, "description": "The kind of event; or message, what was told; or watch, what the detector saw."},
    severity={**TEXT, "enum": ["info", "warning", "critical"]},
    type=TEXT,
    unit=TEXT,
    state=TEXT,
    level=TEXT,
    text=TEXT,
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Trouble": record("Why there is no answer, and what to do.", error=TEXT),
    "Check": _CHECK,
    "Unit": _UNIT,
    "NamedUnit": _NAMED_UNIT,
    "Restart": _RUN,
    "Error": _ERROR,
    "Agent": _AGENT,
    "StoppedAgent": _STOPPED_AGENT,
    "Silence": _SILENCE,
    "Position": _POSITION,
    "Order": _ORDER,
    "Happening": _HAPPENING,
    "Detector": _DETECTOR,
    "Errors": record("The unresolved problems.", unresolved_count=WHOLE, unresolved_errors=many(ref("Error"))),
    "Status": record(
        "Everything in short; the same as `standfastctl status --json`.",
        level={**TEXT, "enum": [*LEVELS, UNKNOWN]},
        detector=maybe(ref("Detector")),
        agents=named(ref("Agent")),
        stopped_agents=named(ref("StoppedAgent")),
        notifier=maybe(record("The notifier.", unresolved=WHOLE, queued=WHOLE, last_delivered=maybe(MOMENT))),
        silences=many(ref("Silence")),
        problems={**many(TEXT), "description": "What is wrong, a line each with the next step."},
    ),
    "Units": record("The watched units.", units=many(ref("NamedUnit"))),
    "UnitInFull": {
        "allOf": [
            ref("NamedUnit"),
            record(
                "With what needs it, and its last lines.",
                needed_by=many(TEXT),
                journal=many(record("A line.", at=MOMENT, priority={**WHOLE, "minimum": 0, "maximum": 7}, text=TEXT)),
            ),
        ]
    },
    "Agents": record(
        "The agents.",
        agents=many({"allOf": [ref("Agent"), record("With its name.", name=TEXT)]}),
    ),
    "Restarts": record(
        "The master restarts, and what the budget still allows.",
        mode={**TEXT, "enum": ["observe", "act"]},
        can_restart=YES_NO,
        restart_blocked=maybe({**TEXT, "description": 'Why none is possible now; "" when one is.'}),
        restart_count=WHOLE,
        max_per_hour=maybe(WHOLE),
        last_restart=maybe(MOMENT),
        hold_until=maybe(MOMENT),
        gap_until=maybe(MOMENT),
        decision=maybe(record("What the detector decided.", allowed=YES_NO, reason=TEXT, why=TEXT)),
        restart_history=many(ref("Restart")),
    ),
    "Timeline": record(
        "What happened, the newest first.",
        since=MOMENT,
        until=MOMENT,
        known_since=maybe(
            {
                **MOMENT,
                "description": "From when on the journal has it: nothing is known of the time before; null: nothing.",
            }
        ),
        complete={
            **YES_NO,
            "description": "Whether it has all since then: not when there were too many, nor when the journal, "
            "which was vacuumed or is young, begins later.",
        },
        journal_since=maybe({**MOMENT, "description": "When the journal begins."}),
        unwatched=many(
            record(
                "When the detector did not run, for a minute or longer; null: it does not now.",
                since=MOMENT,
                until=maybe(MOMENT),
            )
        ),
        events=many(ref("Happening")),
    ),
    "Change": record("What an event of /api/events holds.", level=TEXT, headline=TEXT, version=TEXT),
}
