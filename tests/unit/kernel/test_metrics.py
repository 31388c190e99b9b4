from rexian.kernel.metrics import registry


def test_the_process_metrics_are_registered():
    assert registry.get_sample_value("process_start_time_seconds")
