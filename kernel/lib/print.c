/*
 * A small printf for kernel messages. It writes through console_put(), without a buffer.
 */
#include "lib/print.h"

#include "arch/console.h"

enum log_level log_level = LOG_INFO;

static void print_string(const char *s)
{
    while (*s) {
        console_put(*s++);
    }
}

static void print_number(word_t value, unsigned base, unsigned width, char fill)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (width > n) {
        console_put(fill);
        width--;
    }
    while (n) {
        console_put(digits[--n]);
    }
}

void print_args(const char *format, va_list args)
{
    for (; *format; format++) {
        if (*format != '%') {
            console_put(*format);
            continue;
        }
        format++;
        char fill = *format == '0' ? '0' : ' ';
        unsigned width = 0;
        while (*format >= '0' && *format <= '9') {
            width = width * 10 + (unsigned)(*format++ - '0');
        }
        bool is_long = *format == 'l';
        if (is_long) {
            format++;
        }
        switch (*format) {
        case 's':
            print_string(va_arg(args, const char *));
            break;
        case 'c':
            console_put((char)va_arg(args, int));
            break;
        case 'd': {
            long value = is_long ? va_arg(args, long) : va_arg(args, int);
            if (value < 0) {
                console_put('-');
            }
            print_number(value < 0 ? -(word_t)value : (word_t)value, 10, 0, ' ');
            break;
        }
        case 'u':
        case 'x':
            print_number(is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned),
                         *format == 'u' ? 10 : 16, width, fill);
            break;
        case 'p':
            print_number((word_t)va_arg(args, void *), 16, 16, '0');
            break;
        default:
            console_put(*format);
            break;
        }
    }
}

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_args(format, args);
    va_end(args);
}
