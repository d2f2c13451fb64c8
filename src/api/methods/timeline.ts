export const timelineShow = () => {
  throw new Error('soon')
}
