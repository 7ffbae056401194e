package io.firn.deploy.http;

/** Why a request is refused, where the reason is, and what to do; for the answer and the log. */
record Refusal(String what, String where, String action) {}
