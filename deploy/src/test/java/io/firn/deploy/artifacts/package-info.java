/** What is handed to those who deploy Firn, held against Firn: chart, compose file, examples, unit and image. */
@NullMarked
package io.firn.deploy.artifacts;

import org.jspecify.annotations.NullMarked;
