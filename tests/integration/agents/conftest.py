import pytest
from litestar import Litestar

from rexian.kernel.clock import FixedClock
from rexian.kernel.db import Database
from rexian.kernel.settings import Settings
from tests.support.web import application


@pytest.fixture
def app(settings: Settings, clock: FixedClock, db: Database) -> Litestar:
    """The web desk on a seeded database of this test alone."""
    return application(settings, clock, db)
