/** The service as a process against real Kafka, stores and catalogs, one shape of the world a test. */
@NullMarked
package io.firn.deploy.e2e;

import org.jspecify.annotations.NullMarked;
