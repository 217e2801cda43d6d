/** What a description may hold, whoever makes it; lengths in UTF-16 units. */
export const bounds = {
  keywords: { most: 10, longest: 60 },
  tags: { most: 8, longest: 60 },
  context: 300,
  category: 40,
  why: 160,
} as const;
