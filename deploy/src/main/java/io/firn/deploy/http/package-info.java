/** The HTTP interface of a running service: probes, metrics, what it does, and a few things to ask of it. */
@NullMarked
package io.firn.deploy.http;

import org.jspecify.annotations.NullMarked;
