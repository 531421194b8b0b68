// Defaults of the sanitizer build. Leaks are not looked for: a garbage-collected heap and a process that is
// restarted like a chip leave memory behind on purpose. Everything else ends the process.

#if defined(__SANITIZE_ADDRESS__)

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void) {
    return "detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1";
}

const char *__ubsan_default_options(void) {
    return "halt_on_error=1:print_stacktrace=1";
}

#endif
