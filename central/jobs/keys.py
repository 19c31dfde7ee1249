"""What the pages of jobs find in their application."""

from collections.abc import Mapping

from aiohttp import web

from central.jobs.values import JobKind

JOB_KINDS: web.AppKey[Mapping[str, JobKind]] = web.AppKey("job_kinds", dict)  # by name
