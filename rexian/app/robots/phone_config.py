"""How a robot's telephone is set up (pjsua2)."""

import os
from typing import Any

import pjsua2 as pj

REGISTER_S = 300
RTP_FROM, RTP_TO, RTP_STEP = 20_000, 40_000, 20


def endpoint_config() -> Any:
    """A library pumped by one thread, 8 kHz, no silence suppression, no echo canceller."""
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "rexian-robot"
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.medConfig.threadCnt = 1
    config.logConfig.level = config.logConfig.consoleLevel = 1
    return config


def account_config(order: dict[str, Any]) -> Any:
    """An account as the command `open` describes it; audio ports of this process alone."""
    config = pj.AccountConfig()
    config.idUri = order["id_uri"]
    if order.get("registrar"):
        config.regConfig.registrarUri = order["registrar"]
        config.regConfig.timeoutSec = REGISTER_S
        config.regConfig.retryIntervalSec = config.regConfig.firstRetryIntervalSec = 2
    if order.get("user"):
        secret = pj.AuthCredInfo("digest", "*", order["user"], 0, order["password"])
        config.sipConfig.authCreds.append(secret)
    media = config.mediaConfig.transportConfig
    media.boundAddress = "127.0.0.1"
    media.port = RTP_FROM + os.getpid() * RTP_STEP % (RTP_TO - RTP_FROM)
    media.portRange = RTP_STEP
    return config
