"""DEVELOPMENT ONLY: a carrier that takes our SMS, and a mailbox that takes our mail.

Nothing here runs when `development` is off. The carrier speaks SMPP by the independent codec
`smpplib`, never by `sms.codec`, so that the two check each other.
"""
