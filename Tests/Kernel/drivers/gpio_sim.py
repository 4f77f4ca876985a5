#!/usr/bin/env python3
"""Makes the kernel's simulated lines obey the circuit around them. Usage: gpio_sim.py PATH-OF-gpio-sim.c

What a test pulls outside is stronger than the resistor that a program asks for; an open drain that nobody pulls low floats;
an edge comes at once instead of with the timer's next tick. Each change is found by a few words around it, so that it fits
more than one version; one that does not fit ends the build with its name."""
import re
import sys

# Name, where (the group stays, what is written comes behind it, or in its place where there are two groups), what.
CHANGES = [
    ("headers", r"(\n#include <linux/interrupt\.h>)", "\n#include <linux/hardirq.h>"),
    ("headers", r"(\n#include <linux/irq\.h>)", "\n#include <linux/irq_work.h>"),
    ("which lines something outside drives", r"(\n\tunsigned long \*pull_map;)",
     "\n\tunsigned long *outside_map;\t/* lines that something outside drives */"),
    ("flags for the interrupt", r"(\n\tint irq, irq_type, ret;)", "\n\tunsigned long flags;"),
    # The direction that the chip has, not the one that was asked for: an open drain that is let go is an input.
    ("direction of a line with an edge", r"()(!test_bit\(FLAG_IS_OUT, &desc->flags\))(?=\) \{)",
     "test_bit(offset, chip->direction_map)"),
    ("direction of a line with a value", r"()(!test_bit\(FLAG_IS_OUT, &desc->flags\))(?=\)\n)",
     "test_bit(offset, chip->direction_map)"),
    ("edges at once", r"(true\);\n\t+if \(ret\)\n\t+goto set_pull;\n)", """
\t\t\t/* At once, not with the next tick of the timer. */
\t\t\tlocal_irq_save(flags);
\t\t\tirq_enter();
\t\t\tirq_work_run();
\t\t\tirq_exit();
\t\t\tlocal_irq_restore(flags);
"""),
    ("open drain floats", r"(\n\t__set_bit\(offset, chip->direction_map\);)",
     "\n\t/* Nobody drives it any more: an open drain floats to what pulls it. */"
     "\n\t__assign_bit(offset, chip->value_map, test_bit(offset, chip->pull_map));"),
    ("resistors are weak", r"(pinconf_to_config_param\(config\)\) \{)",
     "\n\t/* The resistor that a program asks for is weaker than a contact outside. */"),
    ("pull-up is weak", r"(BIAS_PULL_UP:\n\t+return )()(?=gpio_sim)",
     "test_bit(offset, chip->outside_map) ? 0 : "),
    ("pull-down is weak", r"(BIAS_PULL_DOWN:\n\t+return )()(?=gpio_sim)",
     "test_bit(offset, chip->outside_map) ? 0 : "),
    ("outside drives from here on", r"(\n\t\treturn pull;\n)",
     "\n\t__set_bit(line_attr->offset, chip->outside_map);"),
    ("memory", r"(!chip->pull_map\)\n\t\treturn -ENOMEM;\n)", """
\tchip->outside_map = devm_bitmap_zalloc(dev, num_lines, GFP_KERNEL);
\tif (!chip->outside_map)
\t\treturn -ENOMEM;
"""),
]


def main(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, where, what in CHANGES:
        text, count = re.subn(where, lambda found: found[1] + what, text)
        if count != 1:
            sys.exit(f"gpio_sim.py: '{name}' fits {count} places of {path}, not one: mend it (6.1 is what it was made for)")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
