"""What a council decides about traffic lights: the thresholds of `config/rag.yaml`. docs/traffic-lights.md explains each."""

from __future__ import annotations

from pydantic import Field, model_validator

from vfm_workflow.documents import Document, Strict, validate

MOST_DAYS = 2000
MOST_PERCENT = 1000


class TimeRule(Strict):
    """Days late, in working days."""

    amber_over_working_days: int = Field(ge=0, le=MOST_DAYS)
    red_over_working_days: int = Field(ge=0, le=MOST_DAYS)

    @model_validator(mode="after")
    def _ordered(self) -> TimeRule:
        if self.red_over_working_days < self.amber_over_working_days:
            raise ValueError("`red_over_working_days` must not be less than `amber_over_working_days`")
        return self


class CostRule(Strict):
    """Money spent, in per cent of what was to be spent."""

    amber_over_percent: int = Field(ge=0, le=MOST_PERCENT)
    red_over_percent: int = Field(ge=0, le=MOST_PERCENT)

    @model_validator(mode="after")
    def _ordered(self) -> CostRule:
        if self.red_over_percent < self.amber_over_percent:
            raise ValueError("`red_over_percent` must not be less than `amber_over_percent`")
        return self


class SavingRule(Strict):
    """Savings delivered, in per cent of what was profiled."""

    amber_under_percent: int = Field(ge=0, le=100)
    red_under_percent: int = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> SavingRule:
        if self.red_under_percent > self.amber_under_percent:
            raise ValueError("`red_under_percent` must not be more than `amber_under_percent`")
        return self


class MeasureRule(Strict):
    """A measure's value: how far it may fall behind its baseline, and how far it must have come towards its target."""

    amber_worse_percent: int = Field(ge=0, le=MOST_PERCENT)
    red_worse_percent: int = Field(ge=0, le=MOST_PERCENT)
    target_after_months: int = Field(ge=0, le=120)
    """How long after the last milestone was done its target is due."""
    amber_reached_under_percent: int = Field(ge=0, le=100)
    red_reached_under_percent: int = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> MeasureRule:
        if self.red_worse_percent < self.amber_worse_percent:
            raise ValueError("`red_worse_percent` must not be less than `amber_worse_percent`")
        if self.red_reached_under_percent > self.amber_reached_under_percent:
            raise ValueError(
                "`red_reached_under_percent` must not be more than `amber_reached_under_percent`"
            )
        return self


def _time() -> TimeRule:
    return TimeRule(amber_over_working_days=0, red_over_working_days=40)


def _cost() -> CostRule:
    return CostRule(amber_over_percent=100, red_over_percent=110)


def _saving() -> SavingRule:
    return SavingRule(amber_under_percent=95, red_under_percent=75)


def _measure() -> MeasureRule:
    return MeasureRule(
        amber_worse_percent=5,
        red_worse_percent=10,
        target_after_months=3,
        amber_reached_under_percent=75,
        red_reached_under_percent=50,
    )


class OutlookRules(Strict):
    """What is forecast for the end of the financial year."""

    time: TimeRule = Field(default_factory=_time)
    cost: CostRule = Field(default_factory=_cost)
    saving: SavingRule = Field(default_factory=_saving)


class RagRules(Strict):
    """The whole of `config/rag.yaml`. A file from before a rule was there keeps working: the rule is as it ships."""

    time: TimeRule
    cost: CostRule = Field(default_factory=_cost)
    saving: SavingRule
    measure: MeasureRule = Field(default_factory=_measure)
    outlook: OutlookRules = Field(default_factory=OutlookRules)


def load(document: Document) -> RagRules:
    """Return the rules. Raises ConfigError naming file and line of every threshold that cannot be used."""
    return validate(RagRules, document)
