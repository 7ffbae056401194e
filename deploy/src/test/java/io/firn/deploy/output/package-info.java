/** Masking and escaping of everything that leaves the process as text. */
@NullMarked
package io.firn.deploy.output;

import org.jspecify.annotations.NullMarked;
