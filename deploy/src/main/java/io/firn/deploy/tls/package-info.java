/** Certificates and keys in PEM files, for the service and for those who talk to it. */
@NullMarked
package io.firn.deploy.tls;

import org.jspecify.annotations.NullMarked;
