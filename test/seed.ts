/**
 * The seed of all that tests make up by chance. Suites print it, and `TEST_SEED` repeats their run; without it every
 * run makes up something new.
 */
export const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
