/** Real processes under kill, freeze and restart, and what must be true of the table afterwards. */
@NullMarked
package io.firn.deploy.audit;

import org.jspecify.annotations.NullMarked;
