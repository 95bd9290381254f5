"""The last report as an asset: every page of every metric as a file, written when the numbers are due.

Here: the asset, its job and its schedule, for a catalogue that names a folder. Not here: the pages (dashboard/), one
page by hand (cli/report.py).

It has no partitions: it is about now. So it is no part of the daily job, whose runs are about days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from unit_economics.asset_shape import GROUP
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal
from unit_economics.whole_files import write_whole

ASSET = "dashboard_report"
JOB = "last_report"


@dataclass(frozen=True)
class MetricReport:
    """The files of one metric, by their place in the folder, and what they say."""

    files: dict[str, bytes]
    headline: str
    complete_to: date | None


def last_report(deployment: Deployment) -> dg.Definitions:
    """The asset with what starts it."""
    job = report_job(deployment)
    return dg.Definitions([report_asset(deployment)], jobs=[job], schedules=[report_schedule(deployment, job)])


def report_asset(deployment: Deployment) -> dg.AssetsDefinition:
    """The asset; its files are replaced only when all of them are made."""
    metrics = deployment.catalogue.measured

    @dg.asset(
        name=ASSET,
        description="The pages of the dashboard as files that need nothing else: `executive.html` and so on, and"
        " `headline.png` for messages. Those of the first metric are in the folder itself, every other metric's in a"
        " folder of its name. They hold what `dashboard.everyone` may see.",
        deps=list(metrics),
        group_name=GROUP,
        kinds={"html"},
        code_version=deployment.code_version,
    )
    def dashboard_report() -> dg.MaterializeResult[Any]:
        try:
            reports = [_report(deployment, name) for name in metrics]
            folder = _kept(deployment, reports)
        except Refusal as refusal:
            code = {"exit_code": refusal.exit_code}
            raise dg.Failure(description=str(refusal), metadata=code, allow_retries=False) from None
        return dg.MaterializeResult[Any](
            metadata={
                "path": dg.MetadataValue.path(folder),
                "headline": "\n".join(report.headline for report in reports),
                "bytes": sum(len(content) for report in reports for content in report.files.values()),
                "complete_to": ", ".join(str(report.complete_to or "-") for report in reports),
            }
        )

    return dashboard_report


def report_job(deployment: Deployment) -> UnresolvedAssetJobDefinition:
    """The asset by itself."""
    seconds = int(deployment.catalogue.automation.max_runtime.total_seconds())
    return dg.define_asset_job(
        JOB, selection=dg.AssetSelection.assets(ASSET), tags={"dagster/max_runtime": str(seconds)}
    )


def report_schedule(deployment: Deployment, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Every day when the numbers are due."""
    hour, minute = deployment.catalogue.automation.fresh_by.split(":")
    return dg.ScheduleDefinition(
        name="report_when_due",
        job=job,
        cron_schedule=f"{int(minute)} {int(hour)} * * *",
        execution_timezone=deployment.catalogue.business_day.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Writes the pages as files once the numbers of the last business day are due.",
    )


def _report(deployment: Deployment, metric: str) -> MetricReport:
    from unit_economics.dashboard.files.card import (
        headline_png,  # here: a code location starts without templates and charts
    )
    from unit_economics.dashboard.files.report import Asked, opened_scene, report
    from unit_economics.dashboard.pages import PAGES
    from unit_economics.dashboard.panels.headline import headline

    everyone = deployment.catalogue.dashboard.everyone
    with opened_scene(deployment, Asked({"metric": metric}, everyone)) as scene:
        pages = {f"{page.name}.html": report(page, scene) for page in PAGES}
        files = {**pages, "headline.png": headline_png(scene)}
        return MetricReport(files, headline(scene).text, scene.series.complete_to)


def _kept(deployment: Deployment, reports: list[MetricReport]) -> Path:
    """Write all files; returns their folder."""
    folder = deployment.outside.folder / (deployment.catalogue.dashboard.report or ".")
    folders = [folder, *(folder / name for name in list(deployment.catalogue.measured)[1:])]
    for one in folders:
        _made(one)
    write_whole(dict(_placed(folders, reports)))
    return folder


def _placed(folders: list[Path], reports: list[MetricReport]) -> Iterator[tuple[Path, bytes]]:
    for folder, report in zip(folders, reports, strict=True):
        for name, content in report.files.items():
            yield folder / name, content


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Name a folder that may be written under dashboard.report in the catalogue"
        raise Refusal(f"can't be made ({error.strerror})", where=str(folder), remedy=remedy) from None
