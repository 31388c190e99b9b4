"""The modules Asterisk may load: an allow-list, so that nothing else is there to be attacked."""

from __future__ import annotations

_SOUND = """
    bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_native_rtp
    bridge_simple bridge_softmix codec_a_mu codec_alaw codec_ulaw codec_resample
    codec_opus_open_source codec_g722 format_pcm format_sln format_wav
    res_rtp_asterisk res_srtp res_timing_timerfd res_musiconhold
    res_format_attr_opus res_format_attr_g729 res_format_attr_celt res_format_attr_silk
    res_format_attr_h264 res_format_attr_vp8
"""
_SIP = """
    res_sorcery_config res_sorcery_memory res_sorcery_astdb res_crypto res_http_websocket
    res_pjproject res_pjsip chan_pjsip res_pjsip_acl res_pjsip_authenticator_digest
    res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_dlg_options
    res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
    res_pjsip_header_funcs res_pjsip_logger res_pjsip_nat
    res_pjsip_outbound_authenticator_digest res_pjsip_path
    res_pjsip_pubsub res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp
    res_pjsip_session res_pjsip_sips_contact res_pjsip_t38 res_pjsip_transport_websocket
"""
_CALLS = """
    pbx_config app_queue app_dial app_playback app_mixmonitor app_userevent app_verbose
    app_cdr app_stack func_callerid func_cdr func_channel func_devstate func_global
    func_hangupcause func_logic func_strings func_timeout func_periodic_hook
    res_agi res_fax res_fax_spandsp res_security_log
    cdr_csv res_cdrel_custom cel_custom res_speech
    app_chanspy func_cut func_groupcount func_uri
"""
#: The last line of `_CALLS` is what app_mixmonitor asks for (its beep).
ALLOWED: tuple[str, ...] = tuple((_SOUND + _SIP + _CALLS).split())

_NEVER = """
    app_system app_externalivr app_originate app_disa app_exec app_confbridge app_voicemail
    func_shell func_env func_curl func_file func_evalexten pbx_spool pbx_dundi pbx_realtime pbx_lua
    chan_iax2 chan_rtp chan_audiosocket chan_websocket chan_motif chan_unistim res_ari res_phoneprov
    res_pjsip_endpoint_identifier_anonymous res_config_curl res_http_post res_hep res_pjsip_refer
"""
FORBIDDEN: frozenset[str] = frozenset(_NEVER.split())
"""Never, whatever a city adds to the allow-list: shells, files, spools, anonymous endpoints."""
