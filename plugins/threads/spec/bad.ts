// A module that cannot be loaded.
throw new Error('no licence');
export const never = 0;
