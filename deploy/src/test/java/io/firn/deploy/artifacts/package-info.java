/** What is handed to those who deploy Firn, held against Firn: the chart, the compose file, examples, unit and image. */
@NullMarked
package io.firn.deploy.artifacts;

import org.jspecify.annotations.NullMarked;
