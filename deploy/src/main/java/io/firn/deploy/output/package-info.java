/**
 * The last step of everything that leaves the process as text: logs, the command line and HTTP answers. Secrets are
 * masked and control characters escaped here, whoever wrote the text. Start with {@link
 * io.firn.deploy.output.Secrets}.
 */
@NullMarked
package io.firn.deploy.output;

import org.jspecify.annotations.NullMarked;
