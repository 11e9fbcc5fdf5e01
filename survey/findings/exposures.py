"""The longer in the programme, the …: every outcome by the plan's exposure, among people in the programme's arm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from survey.analysis.effects import Contrast
from survey.analysis.exposure import ExposureSlope, exposure_slope
from survey.definition.study import Exposure
from survey.findings.basis import Basis
from survey.findings.outcomes import StudyOutcome
from survey.findings.significance import Tested

_BANDS: Final = (0, 1, 2, 3)


@dataclass(frozen=True)
class ExposureFinding(Tested):
    """How an outcome goes with one exposure (`fact`) in one wave. `found` is None where it is hidden."""

    fact: str
    wave: str
    found: ExposureSlope | None
    hidden: str | None = None

    @property
    def best(self) -> Contrast | None:
        """The slope."""
        return None if self.found is None else self.found.slope


def exposures(basis: Basis) -> Iterable[ExposureFinding]:
    """Yield how every outcome goes with each exposure in every wave; nothing where the plan names none."""
    for exposure in basis.plan.exposure if basis.plan else ():
        for outcome in basis.each_outcome():
            for wave in basis.waves:
                found = _exposure(basis, outcome, wave, exposure)
                if found is not None:
                    yield found


def _exposure(basis: Basis, outcome: StudyOutcome, wave: str, exposure: Exposure) -> ExposureFinding | None:
    people = basis.people(outcome, wave)
    inside = np.array([arm == basis.programme for arm in people.arms], dtype=bool)
    values, amount = basis.numbers(outcome, wave)[inside], people.numbers(exposure.fact)[inside] / exposure.per
    n = int((np.isfinite(values) & np.isfinite(amount)).sum())
    if not (n if basis.group is None else np.isfinite(amount).any()):
        return None
    blank = ExposureFinding(outcome.planned, None, None, outcome, exposure.fact, wave, None, basis.hidden)
    told = basis.may_tell_all(outcome, wave) and basis.programme in basis.arms_shown(outcome, wave)
    if basis.is_small([n]) or not told:
        return blank
    everywhere = basis.clusters(people)
    clusters = None if everywhere is None else [one for one, here in zip(everywhere, inside, strict=True) if here]
    unit = exposure.unit or basis.data.facts[exposure.fact].title
    found = exposure_slope((outcome.title, values), (unit, amount), clusters, exposure.bands or _BANDS)
    if basis.group is not None:
        # Bands of everyone, less those of other groups, would be bands of this one, however few are in them.
        return replace(blank, found=replace(found, bands=(), line=()), hidden=None)
    return replace(blank, found=_with_safe_bands(found, basis.threshold), hidden=None)


def _with_safe_bands(found: ExposureSlope, threshold: int) -> ExposureSlope:
    """Hide small bands, and the smallest other one beside them: everyone less the others would be a single one."""
    counts = [band.n or 0 for band in found.bands]
    small = {at for at, count in enumerate(counts) if 0 < count < threshold}
    if not small:
        return found
    others = sorted((count, at) for at, count in enumerate(counts) if count >= threshold)
    gone = small | {at for _, at in others[:1]}
    bands = tuple(
        replace(band, n=None, mean=None, sd=None) if at in gone else band for at, band in enumerate(found.bands)
    )
    # Where the line ends must not tell in which of them anyone is.
    shown = [end for band in bands if band.n for end in (band.low, band.high) if end is not None]
    line = tuple(one for one in found.line if shown and min(shown) <= one.at <= max(shown))
    return replace(found, bands=bands, line=line, notes=(*found.notes, f"Bands of fewer than {threshold} are hidden."))
