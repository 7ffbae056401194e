@NullMarked
package io.firn.compaction.view;

import org.jspecify.annotations.NullMarked;
