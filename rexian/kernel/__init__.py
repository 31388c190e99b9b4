"""What every room stands on: settings, database, event log, leased work, access, web base."""
